"""A video: its states, what is refused and why, and the names of its files."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lms.kernel.refusal import N_, Conflict, Invalid, Missing

LARGEST_BYTES = 4 * 1024**3
PIECE_BYTES = 4 * 1024**2
LONGEST_MS = 4 * 3_600_000
MOST_TRIES = 3
VIDEO_KIND = "video"  # the kind of activity
ORIGINAL = "original.mp4"
POSTER = "poster.jpg"
MASTER = "master.m3u8"

_FILE = re.compile(
    r"(?P<code>[a-z0-9]{4,40})/(?P<mark>[A-Za-z0-9_-]{12})/(?P<name>original\.mp4|poster\.jpg|captions/[a-z]{2}\.[0-9a-f]{8}\.vtt"
    r"|[0-9a-f]{8}/(?:master\.m3u8|(?:720p|360p)/(?:index\.m3u8|init\.mp4|[0-9]{1,5}\.m4s)))"
)


class AssetState(StrEnum):
    """How far a video is."""

    UPLOADING = "uploading"
    UPLOADED = "uploaded"
    PROBING = "probing"
    READY_MP4 = "ready_mp4"  # checked; its renditions wait
    TRANSCODING = "transcoding"
    READY = "ready"
    REFUSED = "refused"
    FAILED = "failed"


WAITING_FOR_PROBE = (AssetState.UPLOADED, AssetState.PROBING)
WAITING_FOR_RENDITIONS = (AssetState.READY_MP4, AssetState.TRANSCODING)
AT_WORK = frozenset({*WAITING_FOR_PROBE, *WAITING_FOR_RENDITIONS})


@dataclass(frozen=True, slots=True)
class Captions:
    """One language of captions; `name` is the file's name below the video's own folder."""

    language: str
    label: str
    name: str


@dataclass(frozen=True, slots=True)
class Rendition:
    """One size of the video as it is served."""

    name: str
    width: int
    height: int
    bits_per_second: int


@dataclass(frozen=True, slots=True)
class Asset:
    """One video. `mp4` tells that the file plays as it came; `build` names the folder of the renditions once they are there."""

    id: int
    code: str
    title: str
    state: AssetState
    file_name: str
    bytes: int
    length_ms: int
    sha256: str
    reason: str
    progress: int
    mp4: bool
    poster: bool
    build: str
    captions: tuple[Captions, ...]
    renditions: tuple[Rendition, ...]
    created_by: int | None
    created_at: datetime

    @property
    def announced(self) -> bool:
        """Tell whether this is only a place kept for a file to come."""
        return self.state is AssetState.UPLOADING and not self.file_name

    @property
    def playable(self) -> bool:
        """Tell whether there is something to play."""
        return bool(self.build) or self.mp4

    @property
    def seconds(self) -> int:
        """Return the length in whole seconds."""
        return self.length_ms // 1000


class AssetMissing(Missing):
    """There is no such video."""

    code = "asset_missing"
    message = N_("没有找到这个视频。")


class NotPlayable(Missing):
    """The video cannot be played yet, or never."""

    code = "asset_not_playable"
    message = N_("这个视频还不能播放，请稍后再来。")


class UploadTooLarge(Invalid):
    """More bytes than a video may have."""

    code = "upload_too_large"
    message = N_("视频文件超过 4 GB。请先压缩到 1280×720，或按课拆分后再上传。")


class UploadEmpty(Invalid):
    """No bytes at all."""

    code = "upload_empty"
    message = N_("文件是空的。请重新选择视频文件。")


class NoRoom(Conflict):
    """The disk is almost full."""

    code = "no_room"
    message = N_("服务器存储空间不足，暂时不能上传。请联系运维人员。")


class TooManyUploads(Conflict):
    """One person has many uploads open."""

    code = "too_many_uploads"
    message = N_("您有多个上传尚未完成。请先完成它们，或等 24 小时后它们过期，再上传新的视频。")


class PieceOutOfPlace(Conflict):
    """A piece does not follow the last one; `received` says where to go on."""

    code = "piece_out_of_place"
    message = N_("上传的位置不连续，将从已收到的位置继续。")


class VideoRefused(Invalid):
    """The file is not a video that can be played; `reason` is one of the codes below."""

    code = "video_refused"
    message = N_("这个文件不是可以播放的视频。")


class CaptionsRefused(Invalid):
    """The captions cannot be read; `line` says where."""

    code = "captions_refused"
    message = N_("字幕文件无法识别。请提供 WebVTT（.vtt）格式、UTF-8 编码、时间先后有序的字幕。")


# Reason code → what is wrong, what to do.
REASONS: dict[str, tuple[str, str]] = {
    "not_a_video": (N_("这不是视频文件，只是用了视频的扩展名。"), N_("请选择真正的视频文件（MP4、MOV、MKV 或 WebM）。")),
    "playlist": (N_("这是播放列表，不含视频画面。"), N_("请上传视频文件本身，而不是 m3u8、ffconcat 等列表。")),
    "container_unsupported": (N_("不支持这种文件格式。"), N_("请转换为 MP4（H.264 画面、AAC 声音）后再上传。")),
    "unreadable": (N_("视频文件已损坏，无法读取。"), N_("请重新导出或重新下载原文件，确认能在本机播放后再上传。")),
    "truncated": (N_("视频文件不完整，结尾部分缺失。"), N_("多半是复制或下载中断。请取得完整文件后重新上传。")),
    "no_video": (N_("文件中没有画面。"), N_("请上传带画面的视频。")),
    "codec_unsupported": (N_("不支持这种画面或声音编码。"), N_("请转换为 MP4（H.264 画面、AAC 声音）后再上传。")),
    "zero_duration": (N_("视频时长为零。"), N_("请确认录制已正常结束并重新导出。")),
    "too_long": (N_("视频超过 4 小时。"), N_("请按课拆分后分别上传。")),
    "picture_size": (N_("画面尺寸过大或过小。"), N_("请导出为 1280×720 或 1920×1080。")),
    "too_slow": (N_("检查用时过长，已停止。"), N_("请转换为 MP4（H.264 画面、AAC 声音）后再上传。")),
    "transcoding_failed": (N_("转码多次失败。"), N_("请转换为 MP4（H.264 画面、AAC 声音）后重新上传，或联系运维人员。")),
}


def file_of(rest: str) -> tuple[str, str, str] | None:
    """Return a served file's video code, its reader's mark and its name; None for any path that names none of the files there are."""
    match = _FILE.fullmatch(rest)
    return (match["code"], match["mark"], match["name"]) if match else None
