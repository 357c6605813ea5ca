# Sourced by ./run and ./test: puts in place the Debian packages that are missing.

wanted=()

# want PACKAGE unless COMMAND...: remembers the package when the command fails.
want() {
  local package=$1
  shift 2
  "$@" >/dev/null 2>&1 || wanted+=("$package")
}

have_library() { compgen -G "/usr/lib/*/$1*" || compgen -G "/lib/*/$1*" || compgen -G "/usr/lib/$1*"; }

have_postgres() { compgen -G "/usr/lib/postgresql/*/bin/postgres"; }

install_wanted() {
  [ ${#wanted[@]} -gt 0 ] || return 0
  if ! command -v apt-get >/dev/null; then
    echo "Missing here, and there is no apt-get to install it: ${wanted[*]}" >&2
    return 1
  fi

  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo)
  fi

  echo "Installing ${wanted[*]} …"
  "${as_root[@]}" apt-get update -qq
  # Which libicu a release of Debian has is part of the package's name.
  if [[ " ${wanted[*]} " == *" libicu "* ]]; then
    wanted=("${wanted[@]/#libicu/$(apt-cache pkgnames libicu | grep -E '^libicu[0-9]+$' | sort -V | tail -n 1)}")
  fi
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}" </dev/null >/dev/null
}

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE=1
# No build process outlives the command that started it.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 UseSharedCompilation=false
