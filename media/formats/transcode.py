"""Make the renditions of a video in a process of its own: `python -m media.formats.transcode FILE FOLDER LENGTH_MS COPY`.

Two sizes, H.264 and AAC in fragmented MP4, segments of about four seconds that begin at the same instants in both. Of a source
that already is such a video the large size is copied, not encoded. Prints its progress, one JSON line a percent; when nobody
reads them any more, it ends.
"""

import json
import os
import resource
import sys
from collections.abc import Iterable
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
from av.video.frame import PictureType

from media.domain.asset import MASTER, Rendition
from media.formats.playlist import Size, bits_of, codecs_of, fitted, index_of, master_of
from media.formats.probe import OPEN, container_of, is_cover

SEGMENT_SECONDS = 4
CLOCK = 90_000
MILLISECOND = Fraction(1, 1000)
NICENESS = 10
MOST_MEMORY = 4 * 1024**3
SIZES = (Size("720p", 1280, 720, 24, 2_000_000, 30), Size("360p", 640, 360, 27, 450_000, 15))
HALF = (("hflip", ()), ("vflip", ()))
TURNS: dict[int, tuple[tuple[str, tuple[str, ...]], ...]] = {90: (("transpose", ("cclock",)),), -90: (("transpose", ("clock",)),), 180: HALF, -180: HALF}


class Writer:
    """One rendition on its way to disk."""

    def __init__(self, folder: Path, size: Size, picture: "av.VideoStream", sound: "av.AudioStream | None", *, copies: bool, turned: bool) -> None:
        folder.mkdir(parents=True)
        self.size, self.copies = size, copies
        self.file = av.open(
            str(folder / "index.m3u8"),
            "w",
            format="hls",
            options={
                "hls_time": str(SEGMENT_SECONDS),
                "hls_playlist_type": "vod",
                "hls_segment_type": "fmp4",
                "hls_fmp4_init_filename": "init.mp4",
                "hls_segment_filename": str(folder / "%d.m4s"),
                "hls_flags": "independent_segments",
            },
        )
        shape = (picture.height, picture.width) if turned else (picture.width, picture.height)
        self.width, self.height = shape if copies else fitted(*shape, size)
        self.video = self.file.add_stream_from_template(picture) if copies else self._encoder(picture)
        self.audio = self._sound(sound) if sound is not None else None
        self._due = Fraction(-1)

    def _encoder(self, picture: "av.VideoStream") -> "av.VideoStream":
        rate = min(Fraction(picture.average_rate or 25), Fraction(self.size.frames_per_second)).limit_denominator(1000)
        options = {
            "preset": "veryfast",
            "profile": "main",
            "crf": str(self.size.crf),
            "maxrate": str(self.size.most_bits),
            "bufsize": str(2 * self.size.most_bits),
            "sc_threshold": "0",
            "bf": "0",  # at two frames a second each reordered frame would delay the whole video by half a second
            "g": "9999",  # key frames are asked for, at the same instants in every rendition
            "forced-idr": "1",
            "threads": "1",
        }
        stream = self.file.add_stream("libx264", rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = self.width, self.height, "yuv420p"
        stream.codec_context.time_base = Fraction(1, CLOCK)
        return stream

    def _sound(self, sound: "av.AudioStream") -> "av.AudioStream":
        if copies_sound(sound):
            return self.file.add_stream_from_template(sound)
        mono = sound.codec_context.channels == 1
        stream = self.file.add_stream("aac", rate=48_000, layout="mono" if mono else "stereo")
        stream.bit_rate = 48_000 if mono else 96_000
        return stream

    def add_picture(self, frame: "av.VideoFrame", at: Fraction, *, key: bool) -> None:
        """Encode a frame unless the rendition's own rate leaves it out."""
        if not key and at < self._due:
            return
        self._due = max(self._due, at - Fraction(1, 2 * self.size.frames_per_second)) + Fraction(1, self.size.frames_per_second)
        small = frame.reformat(width=self.width, height=self.height, format="yuv420p")
        small.pts, small.time_base = int(at * CLOCK), Fraction(1, CLOCK)
        small.pict_type = PictureType.I if key else PictureType.NONE
        self.file.mux(self.video.encode(small))

    def copy_picture(self, packet: "av.Packet[av.VideoStream]") -> None:
        """Write a picture's packet as it is."""
        packet.stream = self.video
        self.file.mux(packet)

    def add_sound(self, packet: "av.Packet[av.AudioStream]") -> None:
        """Write a packet of sound, which may have come from another rendition."""
        if self.audio is not None:
            packet.stream = self.audio
            self.file.mux(packet)

    def encode_sound(self, frame: "av.AudioFrame | None") -> "list[av.Packet[av.AudioStream]]":
        """Encode sound; None flushes what is left."""
        return self.audio.encode(frame) if self.audio is not None else []

    def close(self) -> None:
        """Flush the encoder and finish the playlist."""
        if not self.copies:
            self.file.mux(self.video.encode(None))
        self.file.close()


class Turned:
    """A phone's video stood upright."""

    def __init__(self, picture: "av.VideoStream", angle: int) -> None:
        self._graph = av.filter.Graph()
        steps = [self._graph.add(name, *arguments) for name, arguments in TURNS[angle]]
        self._graph.link_nodes(self._graph.add_buffer(template=picture), *steps, self._graph.add("buffersink")).configure()

    def turn(self, frame: "av.VideoFrame") -> "av.VideoFrame":
        """Return the frame upright."""
        self._graph.vpush(frame)
        return self._graph.vpull()


def copies_sound(sound: "av.AudioStream") -> bool:
    """Tell whether the sound can stay as it is."""
    return sound.codec_context.name == "aac" and sound.codec_context.channels <= 2 and sound.codec_context.profile in {"LC", None}


class Transcoding:
    """The work on one video."""

    def __init__(self, path: Path, folder: Path, *, length_ms: int, copies: bool) -> None:
        self.source = av.open(str(path), format=container_of(path), options=OPEN)
        self.picture = next(stream for stream in self.source.streams.video if not is_cover(stream))
        self.picture.thread_type = "AUTO"
        self.sound = self.source.streams.audio[0] if self.source.streams.audio else None
        self.folder, self.length_ms, self.copies = folder, length_ms, copies
        self.start = Fraction(0) if copies else Fraction(max(0, self.source.start_time or 0), 1_000_000)
        self.writers: list[Writer] = []
        self._turned: Turned | None = None
        self._key_due = Fraction(0)
        self._said = -1

    def run(self) -> None:
        """Read the source once and write every rendition."""
        self._begin()
        streams: list[av.VideoStream | av.AudioStream] = [self.picture] if self.sound is None else [self.picture, self.sound]
        for packet in self.source.demux(*streams):
            if packet.stream.index == self.picture.index:
                self._add_pictures(cast("av.Packet[av.VideoStream]", packet))
            else:
                self._add_sound(cast("av.Packet[av.AudioStream]", packet))
            self._say(packet)
        if self.sound is not None and not copies_sound(self.sound):
            self._share_sound(self.writers[0].encode_sound(None))
        for writer in self.writers:
            writer.close()
        self.source.close()
        self._finish()

    def _begin(self) -> None:
        first = next(self.source.decode(self.picture))
        self.source.seek(0, backward=True)
        angle = int(first.rotation)
        if angle in TURNS:
            self._turned = Turned(self.picture, angle)
        self.copies = self.copies and self._turned is None
        upright = abs(angle) == 90
        for size in SIZES:
            copies = self.copies and size is SIZES[0]
            self.writers.append(Writer(self.folder / size.name, size, self.picture, self.sound, copies=copies, turned=upright))

    def _add_pictures(self, packet: "av.Packet[av.VideoStream]") -> None:
        for frame in packet.decode():
            if frame.pts is None:
                continue
            at = frame.pts * (self.picture.time_base or MILLISECOND) - self.start
            key = bool(frame.key_frame) if self.copies else at >= self._key_due
            if key:
                self._key_due = Fraction(at // SEGMENT_SECONDS * SEGMENT_SECONDS + SEGMENT_SECONDS)
            upright = self._turned.turn(frame) if self._turned else frame
            for writer in self.writers:
                if not writer.copies:
                    writer.add_picture(upright, at, key=key)
        if self.copies and packet.dts is not None:
            self.writers[0].copy_picture(packet)

    def _add_sound(self, packet: "av.Packet[av.AudioStream]") -> None:
        if copies_sound(packet.stream):
            if packet.pts is not None and packet.dts is not None:
                shift = int(self.start / packet.time_base)
                packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
                self._share_sound([packet])
            return
        for frame in packet.decode():
            if frame.pts is not None:
                frame.pts -= int(self.start / (frame.time_base or MILLISECOND))
            self._share_sound(self.writers[0].encode_sound(frame))

    def _share_sound(self, packets: "Iterable[av.Packet[av.AudioStream]]") -> None:
        """Write sound that was encoded once into every rendition."""
        for packet in packets:
            for writer in self.writers:
                writer.add_sound(packet)

    def _say(self, packet: "av.Packet[Any]") -> None:
        if packet.pts is None:
            return
        percent = min(99, int(packet.pts * packet.time_base * 100_000 / self.length_ms))
        if percent > self._said:
            self._said = percent
            sys.stdout.write(json.dumps({"progress": percent}) + "\n")
            sys.stdout.flush()

    def _finish(self) -> None:
        """Write the master playlist and the index, and say what there is."""
        renditions: list[Rendition] = []
        rows: list[tuple[Rendition, str, int]] = []
        timelines: dict[str, tuple[list[int], list[int]]] = {}
        for writer in self.writers:
            folder = self.folder / writer.size.name
            timelines |= index_of(folder, self.length_ms)
            peak, average = bits_of(folder)
            found = Rendition(writer.size.name, writer.width, writer.height, average)
            renditions.append(found)
            rows.append((found, codecs_of(folder / "init.mp4", sound=self.sound is not None), peak))
        (self.folder / "index.json").write_text(json.dumps({"timelines": timelines}))
        (self.folder / MASTER).write_text(master_of(rows))
        sys.stdout.write(json.dumps({"renditions": [asdict(one) for one in renditions]}) + "\n")


def main(arguments: list[str]) -> int:
    """Transcode one file into an empty folder."""
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    av.logging.set_level(av.logging.PANIC)
    path, folder, length_ms, copies = arguments
    Transcoding(Path(path), Path(folder), length_ms=int(length_ms), copies=copies == "copy").run()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
