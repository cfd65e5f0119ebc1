"""The commands, a file each: its `command`, the `SECTION` of the help that lists it, and its `POSITION` there."""
