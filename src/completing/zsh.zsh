#compdef PROGRAM
# Completions of PROGRAM for zsh.
_PROGRAM() {
    local -a typed answer
    # What is set before the program is not among the words.
    typed=(${(M)${(@Q)${(z)LBUFFER}}:#[A-Z_]##=*})
    typed+=("${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}")
    answer=("${(@f)$(command PROGRAM _complete zsh -- "${typed[@]}" 2>/dev/null)}")
    case ${answer[1]} in
        directories) _files -/ ;;
        files) _files ;;
        *)
            shift answer
            (( $#answer )) && _describe -V PROGRAM answer
            ;;
    esac
}
# Read from a directory of `fpath`, this is the function; read by `source`, it makes it.
if [[ ${funcstack[1]} = _PROGRAM ]]; then
    _PROGRAM "$@"
else
    compdef _PROGRAM PROGRAM
fi
