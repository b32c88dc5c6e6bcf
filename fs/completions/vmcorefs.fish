# fish completion for vmcorefs

function __vmcorefs_behind_dashes
    contains -- -- (commandline -opc)
end

# Paths of the tree, as the dump has them.
function __vmcorefs_paths
    set -l files
    for word in (commandline -opc)[2..-1]
        test "$word" = -- && break
        test -f "$word" && set -a files $word
    end
    set -l dir (string replace -r '[^/]*$' '' -- (commandline -ct))
    test -z "$dir" && set dir /
    for name in (vmcorefs ls $files -- $dir 2>/dev/null)
        echo $dir$name
    end
end

complete -c vmcorefs -n __fish_use_subcommand -a cat -d 'print files'
complete -c vmcorefs -n __fish_use_subcommand -a ls -d 'list directories'
complete -c vmcorefs -n __fish_use_subcommand -a export -d 'write the tree to a folder or archive'
complete -c vmcorefs -n __fish_use_subcommand -a exec -d 'run a command on the dump'
complete -c vmcorefs -n '__vmcorefs_behind_dashes; and not __fish_seen_subcommand_from exec' -f -a '(__vmcorefs_paths)'
complete -c vmcorefs -n '__vmcorefs_behind_dashes; and __fish_seen_subcommand_from exec' -x -a '(__fish_complete_subcommand)'
complete -c vmcorefs -s f -l foreground -d 'stay in the foreground'
complete -c vmcorefs -s d -l debug -d 'stay in the foreground, and print what FUSE does'
complete -c vmcorefs -s s -l single-thread -d 'answer one request at a time'
complete -c vmcorefs -s m -l module -r -d 'file of a module'
complete -c vmcorefs -l debug-dir -r -d 'look for debug files there first'
complete -c vmcorefs -l no-debuginfo -d 'use the dump alone'
complete -c vmcorefs -l no-cache -d 'keep nothing on disk'
complete -c vmcorefs -l stable -d 'no addresses or times'
complete -c vmcorefs -l no-sandbox -d 'do not lock it down'
complete -c vmcorefs -l force -d 'take a vmlinux of another build'
complete -c vmcorefs -s o -x -a 'allow_other vmlinux= stable no_cache no_debuginfo' -d 'mount option'
complete -c vmcorefs -n '__fish_seen_subcommand_from ls' -s l -d 'kind, size and target'
complete -c vmcorefs -n '__fish_seen_subcommand_from ls' -s R -d 'and what is below'
complete -c vmcorefs -s h -l help -d 'print a summary of the options'
complete -c vmcorefs -s V -l version -d 'print the version'
