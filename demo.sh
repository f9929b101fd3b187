#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Show bpfmon at work: sudo sh demo.sh
# Builds it and runs it for about ten seconds beside a program that writes maps.
# Where the running kernel can't do all, it shows what is left there, then all of
# it on Linux 6.12 in a VM. Installs what is missing (scripts/deps).
set -u
cd "$(dirname "$0")" || exit 1

child=
# shellcheck disable=SC2317 # the trap calls it
give_back() { [ ! -d build ] || chown -R "$(stat -c %u:%g .)" build; }
die() { echo "demo: $*" >&2; exit 1; }
# shellcheck disable=SC2317 # the traps call it
interrupted() {
	trap '' INT TERM HUP
	if [ -n "$child" ]; then
		kill -TERM "$child" 2>/dev/null
		wait "$child"
	fi
	exit "$1"
}
trap give_back EXIT
trap 'interrupted 129' HUP
trap 'interrupted 130' INT
trap 'interrupted 143' TERM

# run COMMAND...: its exit status; the traps above work meanwhile
run() {
	# a session of its own, so that Ctrl-C comes to us alone; not deaf to it as after `&`
	setsid env --default-signal=INT,QUIT "$@" </dev/null &
	child=$!
	wait "$child"
	status=$?
	child=
	return "$status"
}

[ "$(id -u)" = 0 ] || die "needs root, to load BPF programs: sudo sh demo.sh"
run sh scripts/deps build || die "packages are missing"
mkdir -p build/log
echo "demo: make"
run make >build/log/demo-make.log 2>&1 || { tail -n 40 build/log/demo-make.log; die "make failed"; }

mode=$(build/bpfmon features 2>/dev/null | head -n 1)
echo
echo "== bpfmon on this kernel, $(uname -r) =="
full=0
if [ "$mode" = "mode: full" ]; then
	run sh scripts/demo-run
	full=$?
else
	echo "This kernel can't give bpfmon everything; bpfmon features says:"
	build/bpfmon features 2>&1 | sed 's/^/  /'
	echo
	run sh scripts/demo-run || echo "demo: not to be seen on this kernel"
	echo
	echo "== the same with everything, on Linux 6.12 in a VM =="
	if run sh scripts/deps demo && run tests/vm/fetch 6.12; then
		run tests/vm/run 6.12 --smp 2 --timeout 120 -- sh scripts/demo-run
		full=$?
	else
		echo "demo: no VM here" >&2
		full=1
	fi
fi

[ "$full" -eq 0 ] || exit "$full"
cat <<'EOF'

Go on with (as root):
  build/bpfmon watch -m NAME            one map: its name, id or pinned path
  build/bpfmon watch -o json | jq .     the same events for programs
  build/bpfmon features                 what this kernel lets bpfmon see, and what not
  sh test.sh                            all tests, on five kernels
EOF
