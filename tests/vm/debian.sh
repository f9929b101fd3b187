# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# Packages of any Debian suite from the machine's own mirror, unpacked nowhere: sourced by
# tests/vm/fetch and tests/selftests/fetch, which set `table` (tests/vm/kernels) and `tmp`.

cache=/var/cache/bpfmon
[ "$(id -u)" = 0 ] || cache=${XDG_CACHE_HOME:-$HOME/.cache}/bpfmon
cache=${BPFMON_CACHE:-$cache}

die() { echo "${0#"$PWD/"}: $*" >&2; exit 1; }

suite_of() { awk -v v="$1" '!/^#/ && $1 == v { print $2 }' "$table"; }

# The machine's own Debian mirror (the first source that serves a plain release
# suite: not -security, -updates or a third party), deb822 or one-line format.
mirror() {
	local f
	for f in /etc/apt/sources.list.d/*.sources /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		if [ -f "$f" ]; then cat "$f"; echo; fi
	done | awk '
		/^#/ || found { next }
		/^URIs:/ { uri = $2 }
		/^Suites:/ && $2 ~ /^[a-z]+$/ && uri ~ /\/debian\/?$/ { found = uri }
		/^deb / { sub(/\[[^]]*\] */, ""); if ($2 ~ /\/debian\/?$/ && $3 ~ /^[a-z]+$/) found = $2 }
		END { print found }'
}

uri=	# of the mirror, found when first needed

# suite_apt SUITE: sets the array O to the apt options of a private view of SUITE
suite_apt() {
	local d=$tmp/apt/$1
	if [ -z "$uri" ]; then
		command -v apt-get >/dev/null || die "needs apt-get: the test kernels are Debian's"
		uri=$(mirror)
		[ -n "$uri" ] || die "no Debian mirror in the apt sources"
	fi
	mkdir -p "$d/lists/partial" "$d/archives/partial"
	O=(-qq "-oDir::Etc::SourceList=$d/sources.list" -oDir::Etc::SourceParts=/dev/null
		"-oDir::State::Lists=$d/lists" "-oDir::Cache=$d" "-oDir::Cache::archives=$d/archives"
		-oAPT::Sandbox::User=root -oAcquire::Languages=none -oAcquire::Retries=3)
	[ ! -e "$d/sources.list" ] || return 0	# updated for the package before
	echo "deb $uri $1 main" >"$d/sources.list"
	apt-get "${O[@]}" update
}

# get PACKAGE...: their .deb files into $tmp/debs, which is emptied first
get() {
	rm -rf "$tmp/debs"
	mkdir -p "$tmp/debs"
	(cd "$tmp/debs" && apt-get "${O[@]}" download "$@")
}
