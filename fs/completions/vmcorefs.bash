# bash completion for vmcorefs

_vmcorefs()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} word
	local options='-f --foreground -d --debug -s --single-thread -m --module --debug-dir
		--no-debuginfo --no-cache --stable --force --no-sandbox -o -h --help -V --version'
	local -a files=()

	COMPREPLY=()
	case $prev in
	-m | --module)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--debug-dir)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	-o)
		mapfile -t COMPREPLY < <(compgen -W 'allow_other vmlinux= stable no_cache no_debuginfo' -- "$cur")
		return
		;;
	esac
	[ "${COMP_WORDS[1]}" = ls ] && options="$options -l -R"
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $word in
		--)
			_vmcorefs_words "${files[@]}"
			return
			;;
		-*) ;;
		*) [ -f "$word" ] && files+=("$word") ;;
		esac
	done
	case $cur in
	-*) mapfile -t COMPREPLY < <(compgen -W "$options --" -- "$cur") ;;
	*)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		[ "$COMP_CWORD" = 1 ] &&
			mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W 'cat ls export exec' -- "$cur")
		;;
	esac
}

# Behind the dashes: paths of the tree, as the dump has them.
_vmcorefs_words()
{
	local dir names

	case ${COMP_WORDS[1]} in
	exec) mapfile -t COMPREPLY < <(compgen -c -- "$cur") ;;
	cat | ls | export)
		compopt -o filenames -o nospace
		dir=${cur%"${cur##*/}"}
		names=$(vmcorefs ls "$@" -- "${dir:-/}" 2>/dev/null)
		mapfile -t COMPREPLY < <(compgen -W "$names" -P "$dir" -- "${cur##*/}")
		;;
	esac
}

complete -F _vmcorefs vmcorefs
