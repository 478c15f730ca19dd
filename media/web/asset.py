"""Pages of videos for course editors: list, upload, one video with its progress and lessons."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.kernel import request as current
from lms.kernel.forms import Form
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.payload import json_route
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import N_, Malformed
from media.domain.asset import AT_WORK, LARGEST_BYTES, PIECE_BYTES, REASONS, Asset, AssetState
from media.services import asset as service
from media.services import captions, upload
from media.web.delivery import give_cookie

group = routes("assets", __name__, templates=Path(__file__).parents[1] / "templates")

WORDS: dict[AssetState, tuple[str, str]] = {
    AssetState.UPLOADING: (N_("上传未完成"), "warning"),
    AssetState.UPLOADED: (N_("等待检查"), "neutral"),
    AssetState.PROBING: (N_("正在检查"), "accent"),
    AssetState.READY_MP4: (N_("等待转码"), "accent"),
    AssetState.TRANSCODING: (N_("正在转码"), "accent"),
    AssetState.READY: (N_("可以播放"), "success"),
    AssetState.REFUSED: (N_("未通过检查"), "danger"),
    AssetState.FAILED: (N_("转码失败"), "danger"),
}

ANNOUNCED = (N_("还没有视频文件"), "neutral")


class AssetForm(Form):
    """The CSRF token of the forms on a video's page."""


class UploadBegun(msgspec.Struct, frozen=True):
    """What a browser says before it sends a video."""

    title: str
    file_name: str
    size: int


class UploadProgress(msgspec.Struct, frozen=True):
    """How much has arrived, in which pieces the rest is sent, and where the video's page is."""

    code: str
    received: int
    piece_bytes: int
    page: str


class AssetProgress(msgspec.Struct, frozen=True):
    """How far a video is."""

    state: str
    words: str
    progress: int
    playable: bool
    at_work: bool


@dataclass(frozen=True, slots=True)
class AssetLine:
    """One video as a list shows it."""

    asset: Asset
    words: str
    kind: str


@dataclass(frozen=True, slots=True)
class AssetsPage:
    """All videos."""

    lines: tuple[AssetLine, ...]


@dataclass(frozen=True, slots=True)
class NewAssetPage:
    """The upload."""

    most_bytes: int


@dataclass(frozen=True, slots=True)
class AssetPage:
    """One video."""

    view: service.AssetView
    line: AssetLine
    at_work: bool
    reason: str
    advice: str
    form: AssetForm
    languages: tuple[tuple[str, str], ...]


def _words(asset: Asset) -> tuple[str, str]:
    return ANNOUNCED if asset.announced else WORDS[asset.state]


def _line(asset: Asset) -> AssetLine:
    words, kind = _words(asset)
    return AssetLine(asset, _(words), kind)


@group.get("/assets")
@requires(Permission.EDIT_COURSES)
def every() -> str:
    """List the videos."""
    return render_template("media/asset/list.html", page=AssetsPage(tuple(_line(asset) for asset in service.every())))


@group.get("/assets/new")
@requires(Permission.EDIT_COURSES)
def new() -> str:
    """Show the upload."""
    return render_template("media/asset/new.html", page=NewAssetPage(LARGEST_BYTES))


@group.get("/assets/<code>")
@requires(Permission.EDIT_COURSES)
def one(code: str) -> Response:
    """Show a video."""
    view = service.view(code, current.person().person_id)
    reason, advice = REASONS.get(view.asset.reason, ("", ""))
    page = AssetPage(
        view=view,
        line=_line(view.asset),
        at_work=view.asset.state in AT_WORK,
        reason=_(reason) if reason else "",
        advice=_(advice) if advice else "",
        form=AssetForm(),
        languages=tuple(captions.LANGUAGES.items()),
    )
    answer = make_response(render_template("media/asset/one.html", page=page))
    if view.asset.playable:
        give_cookie(answer, current.person(), view.asset, current.now())
    return answer


@group.post("/assets/<code>/captions")
@requires(Permission.EDIT_COURSES)
def add_captions(code: str) -> ResponseReturnValue:
    """Keep captions."""
    file, language = request.files.get("captions"), request.form.get("language", "zh")
    if file is None or language not in captions.LANGUAGES:
        raise Malformed
    captions.keep(code, captions.checked(file.read()), actor_id=current.person().person_id, now=current.now(), language=language)
    flash(_("字幕已保存。"), "success")
    return redirect(url_for("assets.one", code=code))


@group.post("/assets/<code>/lessons")
@requires(Permission.EDIT_COURSES)
def attach(code: str) -> ResponseReturnValue:
    """Attach the video to a lesson."""
    lesson_id = request.form.get("lesson", type=int)
    if lesson_id is None:
        raise Malformed
    service.attach_to_lesson(code=code, lesson_id=lesson_id, actor_id=current.person().person_id, now=current.now())
    flash(_("视频已加入这节课。"), "success")
    return redirect(url_for("assets.one", code=code))


@group.post("/api/assets")
@requires(Permission.EDIT_COURSES)
@json_route(UploadBegun, UploadProgress)
def begin(payload: UploadBegun) -> UploadProgress:
    """Open an upload."""
    asset = upload.begin_upload(person_id=current.person().person_id, title=payload.title, file_name=payload.file_name, size=payload.size, now=current.now())
    return _arrived(asset.code, 0)


@group.post("/api/assets/<code>/pieces/<int:offset>")
@requires(Permission.EDIT_COURSES)
@json_route(None, UploadProgress)
def add_piece(code: str, offset: int) -> UploadProgress:
    """Take the bytes of an upload from an offset on; the body is the bytes themselves."""
    piece = request.get_data(cache=False)
    return _arrived(code, upload.add_piece(person_id=current.person().person_id, code=code, offset=offset, piece=piece, now=current.now()))


@group.post("/api/assets/<code>/end")
@requires(Permission.EDIT_COURSES)
@json_route(None, UploadProgress)
def end(code: str) -> UploadProgress:
    """Close an upload; the check begins."""
    asset = upload.end_upload(person_id=current.person().person_id, code=code, now=current.now())
    return _arrived(code, asset.bytes)


@group.get("/api/assets/<code>/progress")
@requires(Permission.EDIT_COURSES)
@json_route(None, AssetProgress)
def progress(code: str) -> AssetProgress:
    """Tell how far a video is."""
    asset = service.one(code)
    return AssetProgress(asset.state.value, _(_words(asset)[0]), asset.progress, asset.playable, asset.state in AT_WORK)


def _arrived(code: str, received: int) -> UploadProgress:
    return UploadProgress(code, received, PIECE_BYTES, url_for("assets.one", code=code))
