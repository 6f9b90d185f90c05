#!/bin/sh
# Installs the Debian or Ubuntu packages that the tests need and this machine lacks: as root, or through a sudo
# that asks for no password. Where neither is possible it names them and fails. $1 is the python3 to be used.
set -eu
PATH="$PATH:/usr/sbin:/sbin"

missing=""
need() { # package, command
    command -v "$2" >/dev/null 2>&1 || missing="$missing $1"
}

need git git
need make make
need openssh-client ssh-keygen
need openssh-server sshd
need nginx-light nginx
need rsync rsync
need curl curl
need procps ps
need iproute2 ip
need iptables iptables
need systemd-container systemd-nspawn
need mmdebstrap mmdebstrap
[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || missing="$missing debian-archive-keyring"
[ -e /etc/ssl/certs/ca-certificates.crt ] || missing="$missing ca-certificates"
"$1" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"

[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=""
elif sudo -n true 2>/dev/null; then
    as_root="sudo"
else
    as_root="none"
fi
if [ "$as_root" = none ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "these packages are missing, and installing them needs apt-get as root:$missing" >&2
    exit 1
fi
echo "installing:$missing"
$as_root apt-get update -q
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
