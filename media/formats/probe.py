"""Look into a video file in a process of its own: `python -m media.formats.probe FILE POSTER` prints one line of JSON.

A hostile file then meets a process with bounded time and memory, and the web never loads the codecs.
"""

import json
import sys
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path

import av

from media.domain.asset import LONGEST_MS

OPEN = {"protocol_whitelist": "file"}
VIDEO = {"h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mpeg2video"}
AUDIO = {"aac", "mp3", "opus", "vorbis", "ac3", "flac", "pcm_s16le", "pcm_s16be"}
PLAYS = {"Baseline", "Constrained Baseline", "Main", "High", "Constrained High"}
TAIL_MS = 4_000
MISSING_MS = 2_000  # so much may lack at the end: players round, cameras stop between frames
POINT_MS = 500


class ProbeRefusedError(Exception):
    """The file is refused; the first argument is the reason's code."""


@dataclass(slots=True)
class Found:
    """What a playable file holds.

    `points` pairs bytes with milliseconds; `key_gap_ms` is the longest wait for a key frame, `delay_ms` the time by which
    decoding must run ahead of showing.
    """

    container: str
    length_ms: int
    width: int
    height: int
    video_codec: str
    audio_codec: str
    plays_as_it_is: bool
    key_gap_ms: int = 0
    delay_ms: int = 0
    bits_per_second: int = 0
    points: list[tuple[int, int]] = field(default_factory=list)


def probe(path: Path, poster: Path) -> Found:
    """Check the whole file and make its poster; raises ProbeRefusedError."""
    container = container_of(path)
    try:
        return _look(path, container, poster)
    except av.error.FFmpegError as error:
        # An MP4 whose table of contents never came: the copy or the recording was cut off.
        raise ProbeRefusedError("truncated" if _cut_off(path, container) else "unreadable") from error


def container_of(path: Path) -> str:
    """Tell the container by its first bytes, whatever the file is called; raises ProbeRefusedError."""
    with path.open("rb") as file:
        head = file.read(4096)
    if head[4:8] in {b"ftyp", b"moov", b"wide"} or (head[4:8] in {b"mdat", b"free", b"skip"} and head[0] == 0):
        return "mp4"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if head.lstrip(b"\xef\xbb\xbf\r\n ").startswith((b"#EXTM3U", b"ffconcat", b"<MPD", b"[playlist]")) or b"<MPD" in head:
        raise ProbeRefusedError("playlist")
    if head.startswith((b"RIFF", b"FLV", b"OggS", b"\x30\x26\xb2\x75", b"\x00\x00\x01\xba")) or head[:1] == head[188:189] == b"\x47":
        raise ProbeRefusedError("container_unsupported")
    raise ProbeRefusedError("not_a_video")


def is_cover(stream: "av.VideoStream") -> bool:
    """Tell whether a stream is only a picture on the sleeve."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _cut_off(path: Path, container: str) -> bool:
    """Tell whether the boxes of an MP4 promise more bytes than there are, or lack the table of contents."""
    if container != "mp4":
        return False
    size, at, kinds = path.stat().st_size, 0, set()
    with path.open("rb") as file:
        while at + 8 <= size:
            file.seek(at)
            head = file.read(16)
            length, kind = int.from_bytes(head[:4]), head[4:8]
            if length == 1:
                length = int.from_bytes(head[8:16])
            if length == 0:
                length = size - at
            if length < 8:
                return False
            kinds.add(kind)
            at += length
    return at > size or (b"mdat" in kinds and b"moov" not in kinds)


def _look(path: Path, container: str, poster: Path) -> Found:
    with av.open(str(path), format=container, options=OPEN) as file:
        pictures = [stream for stream in file.streams.video if not is_cover(stream)]
        if not pictures:
            raise ProbeRefusedError("no_video")
        picture = pictures[0]
        sound = file.streams.audio[0] if file.streams.audio else None
        found = Found(
            container=container,
            length_ms=0,
            width=picture.width,
            height=picture.height,
            video_codec=picture.codec_context.name if picture.codec_context else "",
            audio_codec=sound.codec_context.name if sound and sound.codec_context else "",
            plays_as_it_is=False,
        )
        _check_codecs(found)
        promised = max([int(file.duration or 0) // 1000, *(_in_ms(stream.duration, stream.time_base) for stream in (picture, sound) if stream)])
        if promised > LONGEST_MS:
            raise ProbeRefusedError("too_long")
        end = _walk(file, picture, path.stat().st_size, found)
        profile = picture.codec_context.profile
        pixels = picture.codec_context.pix_fmt
    if end <= 0:
        raise ProbeRefusedError("zero_duration")
    if end > LONGEST_MS:
        raise ProbeRefusedError("too_long")
    found.length_ms = end
    if _cut_off(path, container) or promised - end > MISSING_MS:
        raise ProbeRefusedError("truncated")
    _decode_ends(path, container, end, poster)
    with path.open("rb") as opened:
        quicktime = opened.read(12)[8:12] == b"qt  "
    found.plays_as_it_is = (
        container == "mp4"
        and not quicktime
        and found.video_codec == "h264"
        and found.audio_codec in {"", "aac"}
        and pixels in {"yuv420p", "yuvj420p"}
        and profile in PLAYS
    )
    return found


def _check_codecs(found: Found) -> None:
    if found.video_codec not in VIDEO or found.audio_codec not in {"", *AUDIO}:
        raise ProbeRefusedError("codec_unsupported")
    if not (64 <= found.width <= 4096 and 64 <= found.height <= 4096):
        raise ProbeRefusedError("picture_size")


def _in_ms(count: int | None, base: Fraction | None) -> int:
    return int(count * base * 1000) if count and base else 0


def _walk(file: "av.container.InputContainer", picture: "av.VideoStream", size: int, found: Found) -> int:
    """Read every packet: the true end, the distance of key frames, and which time lies where in the file."""
    first: dict[int, int] = {}
    end = 0
    last_key = 0
    points: list[tuple[int, int]] = []
    for packet in file.demux(*[stream for stream in file.streams if stream.type in {"video", "audio"}]):
        if packet.pts is None or packet.time_base is None:
            continue
        base = first.setdefault(packet.stream.index, packet.pts)
        at = _in_ms(packet.pts - base, packet.time_base)
        end = max(end, at + _in_ms(packet.duration, packet.time_base))
        if packet.stream.index != picture.index:
            continue
        if packet.dts is not None:
            found.delay_ms = max(found.delay_ms, _in_ms(packet.pts - packet.dts, packet.time_base) if not points else 0)
        if packet.is_keyframe:
            found.key_gap_ms = max(found.key_gap_ms, at - last_key)
            last_key = at
        decoded_at = _in_ms((packet.dts if packet.dts is not None else packet.pts) - base, packet.time_base)
        if packet.pos is not None and packet.pos >= 0 and (not points or (decoded_at >= points[-1][1] + POINT_MS and packet.pos > points[-1][0])):
            points.append((packet.pos, max(0, decoded_at)))
    found.key_gap_ms = max(found.key_gap_ms, end - last_key)
    found.bits_per_second = size * 8000 // max(1, end)
    found.points = [*points, (size, end)] if points and points[-1][0] < size else [(0, 0), (size, end)]
    return end


def _decode_ends(path: Path, container: str, end: int, poster: Path) -> None:
    """Decode the first picture, one for the poster and the last seconds: a header promises what the bytes must keep."""
    with av.open(str(path), format=container, options=OPEN) as file:
        picture = next(stream for stream in file.streams.video if not is_cover(stream))
        start = picture.start_time or 0
        base = picture.time_base or Fraction(1, 1000)
        _keep_poster(file, picture, start + int(Fraction(min(3_000, end // 3), 1000) / base), poster)
        file.seek(start + int(Fraction(max(0, end - TAIL_MS), 1000) / base), stream=picture, backward=True)
        last = -1
        for frame in file.decode(picture):
            if frame.is_corrupt:
                raise ProbeRefusedError("truncated")
            if frame.pts is not None:
                last = max(last, _in_ms(frame.pts - start, base))
        if last < 0:
            raise ProbeRefusedError("unreadable")


def _keep_poster(file: "av.container.InputContainer", picture: "av.VideoStream", wanted: int, poster: Path) -> None:
    file.seek(wanted, stream=picture, backward=True)
    for frame in file.decode(picture):
        if frame.pts is None or frame.pts >= wanted:
            image = frame.to_image()  # type: ignore[no-untyped-call]
            if getattr(frame, "rotation", 0):
                image = image.rotate(frame.rotation, expand=True)
            image.thumbnail((1280, 720))
            image.save(poster, "JPEG", quality=80)
            return
    raise ProbeRefusedError("unreadable")


def main(arguments: list[str]) -> int:
    """Print what was found, or why the file is refused."""
    av.logging.set_level(av.logging.PANIC)
    try:
        found: dict[str, object] = asdict(probe(Path(arguments[0]), Path(arguments[1])))
    except ProbeRefusedError as refused:
        found = {"refused": refused.args[0]}
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
