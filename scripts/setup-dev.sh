#!/bin/sh
# Gets what the sandbox tests need and npm cannot give: bubblewrap. Asks for nothing, changes nothing that is there, and
# always ends with 0: without it the product works with less (Workers have no shell), and the tests say what they skip.
set -u

usable() {
  command -v bwrap >/dev/null 2>&1 && bwrap --unshare-user --ro-bind / / true 2>/dev/null
}

# strace lets the offline tests record system calls; they do without where it cannot be had.
if ! command -v strace >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get install --yes --no-install-recommends strace >/dev/null 2>&1 ||
    { apt-get update >/dev/null 2>&1 && apt-get install --yes --no-install-recommends strace >/dev/null 2>&1; } || true
fi

# tmux is the terminal in which a test looks at OpenCode's own screen; without it that test is skipped.
if ! command -v tmux >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get install --yes --no-install-recommends tmux >/dev/null 2>&1 ||
    { apt-get update >/dev/null 2>&1 && apt-get install --yes --no-install-recommends tmux >/dev/null 2>&1; } || true
fi

# A browser without a screen looks at the dashboard; without it that test is skipped.
if ! command -v chromium-headless-shell >/dev/null 2>&1 && ! command -v chromium >/dev/null 2>&1 &&
  command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get install --yes --no-install-recommends chromium-headless-shell >/dev/null 2>&1 ||
    { apt-get update >/dev/null 2>&1 && apt-get install --yes --no-install-recommends chromium-headless-shell >/dev/null 2>&1; } || true
fi

# redis-server runs the tests of the bullmq engine for jobs, which are skipped without it. The package may start one as a
# service; the tests start their own on a free port.
if ! command -v redis-server >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get install --yes --no-install-recommends redis-server >/dev/null 2>&1 ||
    { apt-get update >/dev/null 2>&1 && apt-get install --yes --no-install-recommends redis-server >/dev/null 2>&1; } || true
fi

# A session bus with something that shows notifications, and a mail program: the ends of jobs are told to real ones. Small;
# their tests are skipped without them.
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  wanted=""
  command -v dbus-daemon >/dev/null 2>&1 || wanted="$wanted dbus"
  command -v notify-send >/dev/null 2>&1 || wanted="$wanted libnotify-bin"
  command -v msmtp >/dev/null 2>&1 || wanted="$wanted msmtp"
  /usr/bin/python3 -c "import gi" 2>/dev/null || wanted="$wanted python3-gi"
  if [ -n "$wanted" ]; then
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086 # a list of names
    apt-get install --yes --no-install-recommends $wanted >/dev/null 2>&1 ||
      { apt-get update >/dev/null 2>&1 && apt-get install --yes --no-install-recommends $wanted >/dev/null 2>&1; } || true
  fi
fi

if usable; then exit 0; fi
if ! command -v bwrap >/dev/null 2>&1; then
  if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "setup: installing bubblewrap with apt-get" >&2
    export DEBIAN_FRONTEND=noninteractive
    # The package lists of a fresh container are empty or old; the first try spares their download where they are not.
    apt-get install --yes --no-install-recommends bubblewrap >/dev/null 2>&1 ||
      { apt-get update >/dev/null 2>&1 && apt-get install --yes --no-install-recommends bubblewrap >&2; }
  fi
fi
if usable; then exit 0; fi
if command -v bwrap >/dev/null 2>&1; then
  echo "setup: bubblewrap is there, but this kernel or container lets it make no namespace: sandbox and end-to-end tests will be skipped." >&2
else
  echo "setup: bubblewrap is missing (as root: apt-get install bubblewrap): sandbox and end-to-end tests will be skipped." >&2
fi
exit 0
