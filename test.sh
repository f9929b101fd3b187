#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Build and test all of bpfmon: sudo sh test.sh
# Prints a line a step and ends with `N passed, N failed, N skipped`; the full
# output of each step is in build/log. Writes nothing outside this folder but
# packages (scripts/deps test) and the cache of test kernels, named at the start.
# Exit status: 0 if nothing failed.
set -u
cd "$(dirname "$0")" || exit 1

passed=0 failed=0 skipped=0
log=build/log
child=

# As root in somebody's checkout: git must accept it, and what we made is theirs.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0="$PWD"
give_back() { [ ! -d build ] || chown -R "$(stat -c %u:%g .)" build; }

# shellcheck disable=SC2317 # the traps call it
interrupted() {
	trap '' INT TERM HUP
	if [ -n "$child" ]; then
		kill -TERM -"$child" 2>/dev/null
		wait "$child" 2>/dev/null
	fi
	give_back
	echo " interrupted" >&2
	exit "$1"
}
trap 'interrupted 129' HUP
trap 'interrupted 130' INT
trap 'interrupted 143' TERM

finish() {
	give_back
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ]
	exit
}

# tail_of LOG: what of it tells why: the failures with what follows each, or the end
tail_of() {
	grep -v -e '^[0-9]* passed, ' -e '^ok ' -e '# [0-9.]* s$' "$1" |
		awk '/^not ok / { n = 80 } n-- > 0' | head -n 300 >"$1.why"
	[ -s "$1.why" ] || grep -v '^[0-9]* passed, ' "$1" | tail -n 40 >"$1.why"
	sed 's/^/    /' "$1.why"
	rm -f "$1.why"
}

# step NAME COMMAND...: run it with its output in the log; count the result lines
# (`ok `, `not ok `, `skip `) in it. A failure without such a line counts as one.
step() {
	name=$1
	shift
	printf '%-8s %s' "$name" "$*"
	start=$(date +%s)
	# its own process group, to end all of it; the shell's `&` would leave it deaf to INT
	setsid env --default-signal=INT,QUIT "$@" </dev/null >"$log/$name.log" 2>&1 &
	child=$!
	wait "$child"
	status=$?
	child=
	ok=$(grep -c '^ok ' "$log/$name.log")
	bad=$(grep -c '^not ok ' "$log/$name.log")
	skip=$(grep -c '^skip ' "$log/$name.log")
	[ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
	passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
	took=$(($(date +%s) - start))
	if [ "$bad" -eq 0 ]; then
		echo ": ok, $took s ($ok ok, $skip skip)"
		grep '^# unsteady' "$log/$name.log" # see tests/run
		return 0
	fi
	echo ": FAILED, $took s ($ok ok, $bad not ok, $skip skip; status $status), from $log/$name.log:"
	tail_of "$log/$name.log"
	return 1
}

mkdir -p "$log"
if [ "$(id -u)" != 0 ]; then
	echo "test.sh: needs root, to load BPF programs: sudo sh test.sh" >&2
	failed=1
	finish
fi
echo "packages may be installed; test kernels are kept in ${BPFMON_CACHE:-/var/cache/bpfmon}"

step deps sh scripts/deps test || finish
step build make -j"$(nproc)" all static actors || finish
step lint make lint
step check make check
step native tests/run --native
step package tests/package
step vm tests/run
finish
