# Sourced by ./check and ./demo: makes sure that what the build needs is there.

say() { printf '%s\n' "$*" >&2; }

if ! command -v swift >/dev/null 2>&1; then
  say "needletail: Swift 6.1 or later is needed (https://swift.org/install); 'swift' was not found."
  exit 2
fi

version=$(swift --version 2>/dev/null | grep -oE 'Swift version [0-9]+\.[0-9]+' | grep -oE '[0-9]+\.[0-9]+')
case "$version" in
  [0-5].* | 6.0 | '') say "needletail: Swift 6.1 or later is needed, this is ${version:-unknown}."; exit 2 ;;
esac

# The trace container is compressed with zstd.
if ! [ -e /usr/include/zstd.h ] && ! pkg-config --exists libzstd 2>/dev/null; then
  say "needletail: libzstd-dev is missing; installing it with apt ..."
  as_root=''
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null 2>&1; then as_root='sudo'; else
      say "needletail: not root and no sudo here: please run 'apt-get install libzstd-dev' as root and try again."
      exit 2
    fi
  fi
  if ! command -v apt-get >/dev/null 2>&1; then
    say "needletail: no apt-get here: please install the zstd development files (zstd.h, libzstd) and try again."
    exit 2
  fi
  if ! { $as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq libzstd-dev; } >&2; then
    say "needletail: apt could not install libzstd-dev; please install it by hand and try again."
    exit 2
  fi
fi
