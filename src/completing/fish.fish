# Completions of PROGRAM for fish.
function __PROGRAM_complete
    set -l typed (commandline --current-process --tokenize --cut-at-cursor)
    set -l current (commandline --current-token --cut-at-cursor)
    set -l answer (command PROGRAM _complete fish -- $typed "$current" 2>/dev/null)
    switch "$answer[1]"
        case directories
            __fish_complete_directories "$current"
        case files
            __fish_complete_path "$current"
        case '*'
            string join \n -- $answer[2..]
    end
end
complete --command PROGRAM --no-files --keep-order --arguments '(__PROGRAM_complete)'
