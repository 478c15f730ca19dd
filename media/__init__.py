"""Files, playback, watched time."""
