# Sourced by tests/demo and tests/run: the distribution's packages, by what they are for.

build_packages='gcc meson ninja-build pkg-config libfuse3-dev fuse3 libelf-dev libdw-dev
libdebuginfod-dev zlib1g-dev libdeflate-dev liblzo2-dev libsnappy-dev libzstd-dev libcapstone-dev
libjson-c-dev libarchive-dev libseccomp-dev'

# Install what is missing of "$@"; a machine that has everything needs neither network nor root.
install_packages()
{
    missing=
    for package in "$@"; do
        case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
        *' installed') ;;
        *) missing="$missing $package" ;;
        esac
    done
    [ -n "$missing" ] || return 0
    sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    echo "installing:$missing"
    # shellcheck disable=SC2086 # a list of words
    $sudo env DEBIAN_FRONTEND=noninteractive sh -c '
        apt-get -q update >/dev/null && apt-get -qy install --no-install-recommends "$@" >/dev/null
    ' sh $missing </dev/null || {
        echo "could not install:$missing" >&2
        return 1
    }
}
