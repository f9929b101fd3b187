# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Completion of bpfmon(8). Made by scripts/completions from its --help: do not edit.

_bpfmon()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local command=watch words='' files=''

	if [[ $COMP_CWORD -gt 1 && ${COMP_WORDS[1]} != -* ]]; then
		command=${COMP_WORDS[1]}
	fi
	case $command:$prev in
	watch:-m | watch:--map) return ;;
	watch:-p | watch:--pid) return ;;
	watch:-c | watch:--comm) return ;;
	watch:--prog) return ;;
	watch:-x | watch:--exclude) return ;;
	watch:-e | watch:--events) return ;;
	watch:--summary-after) return ;;
	watch:-o | watch:--output) words='text json ecs ocsf' ;;
	watch:-w | watch:--write) files=1 ;;
	watch:--bytes) return ;;
	watch:--buffer) return ;;
	watch:--compare-interval) return ;;
	watch:--compare-limit) return ;;
	watch:--duration) return ;;
	watch:--count) return ;;
	watch:--heartbeat) return ;;
	watch:--check-interval) return ;;
	top:-n | top:--frames) return ;;
	top:-d | top:--delay) return ;;
	top:-s | top:--sort) return ;;
	top:-f | top:--filter) return ;;
	top:-m | top:--map) return ;;
	top:-w | top:--width) return ;;
	top:--socket) files=1 ;;
	top:--replay) files=1 ;;
	run:-c | run:--config) files=1 ;;
	learn:--duration) return ;;
	learn:--replay) files=1 ;;
	learn:-o | learn:--output) files=1 ;;
	learn:-m | learn:--map) return ;;
	learn:-x | learn:--exclude) return ;;
	replay:-m | replay:--map) return ;;
	replay:-p | replay:--pid) return ;;
	replay:-c | replay:--comm) return ;;
	replay:--prog) return ;;
	replay:-x | replay:--exclude) return ;;
	replay:-e | replay:--events) return ;;
	replay:-o | replay:--output) words='text json ecs ocsf' ;;
	replay:-w | replay:--write) files=1 ;;
	replay:--bytes) return ;;
	replay:--count) return ;;
	replay:--rules) files=1 ;;
	query:-S | query:--since) return ;;
	query:-U | query:--until) return ;;
	query:-m | query:--map) return ;;
	query:-a | query:--actor) return ;;
	query:-e | query:--type) return ;;
	query:-n | query:--lines) return ;;
	query:-o | query:--output) words='text json' ;;
	maps:--entries) return ;;
	maps:--bytes) return ;;
	maps:-o | maps:--output) words='text json' ;;
	snapshot:-m | snapshot:--map) return ;;
	snapshot:-x | snapshot:--exclude) return ;;
	snapshot:--no-content) return ;;
	verify:-x | verify:--exclude) return ;;
	verify:--no-content) return ;;
	verify:--ignore) return ;;
	verify:-o | verify:--output) words='text json' ;;
	features:-o | features:--output) words='text json' ;;
	help:*) words='watch top run check learn test-rules replay query maps snapshot verify features help' ;;
	watch:*) words='-m --map -p --pid -c --comm --prog -x --exclude -e --events --summary-after -a --all -o --output -w --write --bytes --buffer --compare-interval --compare-limit --duration --count --heartbeat --check-interval -q --quiet -v --verbose -h --help' files=1 ;;
	top:*) words='-b --batch -n --frames -d --delay -s --sort -f --filter -m --map -w --width --ascii --socket --watch --replay -h --help' files=1 ;;
	run:*) words='-c --config -q --quiet -v --verbose -h --help' files=1 ;;
	check:*) words='--keys -q --quiet -h --help' files=1 ;;
	learn:*) words='--duration --replay -o --output -m --map -x --exclude -q --quiet -v --verbose -h --help' files=1 ;;
	test-rules:*) words='-h --help' files=1 ;;
	replay:*) words='-m --map -p --pid -c --comm --prog -x --exclude -e --events -a --all -o --output -w --write --bytes --count --rules -q --quiet -v --verbose -h --help' files=1 ;;
	query:*) words='-S --since -U --until -m --map -a --actor -e --type -n --lines -o --output -h --help' files=1 ;;
	maps:*) words='--dump --entries --bytes -o --output -v --verbose -h --help' files=1 ;;
	snapshot:*) words='-m --map -x --exclude --no-content -q --quiet -v --verbose -h --help' files=1 ;;
	verify:*) words='-x --exclude --no-content --ignore -o --output -q --quiet -v --verbose -h --help' files=1 ;;
	features:*) words='-o --output -h --help' files=1 ;;
	help:*) words='' files=1 ;;
	esac
	if [[ $COMP_CWORD -eq 1 ]]; then
		words+=' watch top run check learn test-rules replay query maps snapshot verify features help --version' files=''
	fi
	mapfile -t COMPREPLY < <(compgen ${files:+-f} -W "$words" -- "$cur")
}
complete -o filenames -F _bpfmon bpfmon
