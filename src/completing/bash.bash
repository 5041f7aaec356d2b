# Completions of PROGRAM for bash 4 or newer.
_PROGRAM() {
    local -a answer=()
    COMPREPLY=()
    mapfile -t answer < <(command PROGRAM _complete bash -- "${COMP_WORDS[@]:0:COMP_CWORD}" "$2" 2>/dev/null)
    case ${answer[0]-} in
        directories)
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -d -- "$2")
            ;;
        files)
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -f -- "$2")
            ;;
        *) COMPREPLY=("${answer[@]:1}") ;;
    esac
}
if [[ ${BASH_VERSINFO[0]} -gt 4 || ${BASH_VERSINFO[0]} -eq 4 && ${BASH_VERSINFO[1]} -ge 4 ]]; then
    complete -o nosort -F _PROGRAM PROGRAM
else
    complete -F _PROGRAM PROGRAM
fi
