"""Starts a job's program with an /opt/ml of its own: `python launcher.py PARENT ML_FOLDER|- PROGRAM [ARGUMENT ...]`.

Runs first in the job's process, then becomes the program:

1. asks the kernel to kill this process when the executor dies, and checks that it has not died already (PARENT is its
process id); 2. unless ML_FOLDER is "-": enters a user and a mount namespace of its own, puts an empty file system over
/opt and ML_FOLDER over
   /opt/ml. Nothing outside sees it, no root is needed, and it ends with the job. The job sees nothing else of /opt.

Standard library alone, no import of this package: it runs isolated (-I -S) and in a few milliseconds. Linux only.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_CLONE_NEWNS, _CLONE_NEWUSER = 0x00020000, 0x10000000
_MS_REC, _MS_PRIVATE, _MS_BIND = 0x4000, 0x40000, 0x1000

_libc = ctypes.CDLL(None, use_errno=True)


def die_with(parent: int) -> None:
    """Ask for SIGKILL when the parent ends."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL)))
    if os.getppid() != parent:
        sys.exit("the executor has ended")


def enter_own_opt(ml_folder: str) -> None:
    """Give this process an /opt that holds `ml_folder` as /opt/ml and nothing else.

    Raises:
        OSError: the kernel or its settings do not allow it.
    """
    user, group = os.getuid(), os.getgid()
    _check(_libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNS))
    # The same ids inside as outside. A group may be mapped only once setgroups is given up.
    for file, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{file}", "w") as stream:
            stream.write(text)
    _mount(None, "/", None, _MS_REC | _MS_PRIVATE)
    _mount("tmpfs", "/opt", "tmpfs", 0)
    os.mkdir("/opt/ml")
    _mount(ml_folder, "/opt/ml", None, _MS_BIND | _MS_REC)


def _mount(source: str | None, target: str, kind: str | None, flags: int) -> None:
    arguments = [text.encode() if text is not None else None for text in (source, target, kind)]
    _check(_libc.mount(*arguments, ctypes.c_ulong(flags), None))


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    parent, ml_folder, *command = sys.argv[1:]
    die_with(int(parent))
    if ml_folder != "-":
        enter_own_opt(ml_folder)
        # Entering a namespace changes the process's credentials, which makes the kernel forget the wish.
        die_with(int(parent))
    try:
        os.execvp(command[0], command)  # noqa: S606 - no shell is wanted
    except OSError as error:
        # 127 and 126 are what a shell, and docker run, answer.
        print(f"cannot run {command[0]}: {error.strerror}", file=sys.stderr)
        sys.exit(127 if isinstance(error, FileNotFoundError) else 126)
