# Sourced by ./check, ./demo and .ci/run: makes sure that the compiler and libzstd are there.
# Messages go to standard error; a machine that already has both pays nothing.

say() { printf '%s\n' "$*" >&2; }

die() {
  say "$(basename "$0"): error: $*"
  exit 1
}

# Swift 6.1 is the first that reads Package.swift.
require_swift() {
  command -v swift >/dev/null 2>&1 ||
    die "swift is not on the PATH; install Swift 6.1 or newer from https://www.swift.org/install"
  local version major minor
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
  major=${version%%.*}
  minor=${version#*.}
  [ -n "$version" ] || die "cannot read the version that 'swift --version' prints"
  if [ "$major" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 1 ]; }; then
    die "Swift $version is too old; needletail needs 6.1 or newer"
  fi
}

have_zstd() {
  printf '#include <zstd.h>\n' | ${CC:-clang} -E -x c - >/dev/null 2>&1 ||
    [ -e /usr/include/zstd.h ] || [ -e /usr/local/include/zstd.h ]
}

# Traces are compressed with libzstd; its header comes in a package of its own.
require_zstd() {
  have_zstd && return
  local advice="install libzstd's development files (Debian, Ubuntu: apt-get install libzstd-dev)"
  command -v apt-get >/dev/null 2>&1 || die "zstd.h is missing and apt-get is not here; $advice"
  local root=""
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || die "zstd.h is missing; as root, $advice"
    # Asks for no password: an unattended run must not wait for one.
    sudo -n true 2>/dev/null || [ -t 0 ] || die "zstd.h is missing and sudo wants a password; $advice"
    root="sudo"
  fi
  say "installing libzstd-dev through apt-get"
  export DEBIAN_FRONTEND=noninteractive
  $root apt-get install -y -q libzstd-dev >&2 ||
    { $root apt-get update -q >&2 && $root apt-get install -y -q libzstd-dev >&2; } ||
    die "apt-get could not install libzstd-dev; $advice"
  have_zstd || die "zstd.h is still missing; $advice"
}

require_swift
require_zstd
