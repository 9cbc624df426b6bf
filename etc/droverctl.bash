# Completion of droverctl(8) for bash. What can follow, the running drover tells
# (`droverctl -w`); without one, and beside it, there are the options. The words
# are kept for a few seconds, so that not every tab asks anew.

_droverctl_words() {
	local socket=$1 now
	now=$(printf '%(%s)T' -1)
	if [[ ${_droverctl_socket-} != "$socket" || $((now - ${_droverctl_when:-0})) -gt 5 ]]; then
		_droverctl_cache=$(droverctl -t 1 ${socket:+-S "$socket"} -w 2>/dev/null)
		_droverctl_socket=$socket
		_droverctl_when=$now
	fi
}

# The words of a command line up to the cursor: bash's own split at ':' and '=' too.
_droverctl() {
	local line=${COMP_LINE:0:COMP_POINT} current socket='' method='' expects='' word words list=()
	local -a typed
	COMPREPLY=()
	read -ra typed <<<"$line"
	current=''
	[[ $line == *[[:space:]] ]] || {
		current=${typed[-1]}
		unset 'typed[-1]'
	}

	for word in "${typed[@]:1}"; do
		case $expects$word in
		S*) socket=$word expects='' ;;
		t*) expects='' ;;
		-S) expects=S ;;
		-t | -n | -i) expects=t ;;
		-S?*) socket=${word#-S} ;;
		-*) ;;
		*) method=${method:-$word} ;;
		esac
	done

	if [[ $expects == S ]]; then
		compopt -o filenames
		while IFS= read -r word; do
			[[ -S $word || -d $word ]] && COMPREPLY+=("$word")
		done < <(compgen -f -- "$current")
		return
	elif [[ $expects == t ]]; then
		return
	elif [[ $current == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '-S -j -t -f -n -i -w -V -h' -- "$current")
		return
	fi

	_droverctl_words "$socket"
	while IFS=$'\t' read -ra words; do
		if [[ -z $method ]]; then
			list+=("${words[0]}")
		elif [[ $method == help ]]; then
			list+=("${words[0]}")
		elif [[ ${words[0]} == "$method" ]]; then
			list=("${words[@]:1}")
			break
		fi
	done <<<"$_droverctl_cache"
	[[ -n $method || -z $_droverctl_cache ]] || list+=(top)

	# bash replaces only what is behind the last ':' or '=' of the word.
	local before=${current%"${current##*[:=]}"}
	for word in "${list[@]}"; do
		[[ -n $word && $word == "$current"* ]] || continue
		word=${word#"$before"}
		[[ $word == *= ]] || word+=' '
		COMPREPLY+=("$word")
	done
	compopt -o nospace
}

complete -F _droverctl droverctl
