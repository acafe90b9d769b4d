# Sourced by ./check, ./demo and .ci/run: makes sure that the compiler and the libraries are there.
# Messages go to standard error; a machine that already has them pays nothing.

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

# Debian's packages for something that is missing: install WHAT PACKAGE...
install() {
  local what=$1 root=""
  shift
  local advice="install it (Debian, Ubuntu: apt-get install $*)"
  command -v apt-get >/dev/null 2>&1 || die "$what is missing and apt-get is not here; $advice"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || die "$what is missing; as root, $advice"
    # Asks for no password: an unattended run must not wait for one.
    sudo -n true 2>/dev/null || [ -t 0 ] || die "$what is missing and sudo wants a password; $advice"
    root="sudo"
  fi
  say "installing $* through apt-get"
  export DEBIAN_FRONTEND=noninteractive
  $root apt-get install -y -q --no-install-recommends "$@" >&2 ||
    { $root apt-get update -q >&2 && $root apt-get install -y -q --no-install-recommends "$@" >&2; } ||
    die "apt-get could not install $*; $advice"
}

have_header() {
  printf '#include <%s>\n' "$1" | ${CC:-clang} -E -x c - >/dev/null 2>&1 ||
    [ -e "/usr/include/$1" ] || [ -e "/usr/local/include/$1" ]
}

# The development files of a C library come in a package of their own: require_header HEADER PACKAGE.
require_header() {
  have_header "$1" && return
  install "$1" "$2"
  have_header "$1" || die "$1 is still missing"
}

# require_program PROGRAM PACKAGE...
require_program() {
  command -v "$1" >/dev/null 2>&1 && return
  install "$@"
  command -v "$1" >/dev/null 2>&1 || die "$1 is still missing"
}

require_swift
# Traces are compressed, and sweeps' results are a database.
require_header zstd.h libzstd-dev
require_header sqlite3.h libsqlite3-dev
