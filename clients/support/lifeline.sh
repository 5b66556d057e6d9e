# Runs a program and ends it when its owner is gone, however the owner ended.
#
#   stdin     the lifeline: a pipe whose other end the owner holds
#   stdout    the program's process id, on one line
#   $@        the program and its arguments
exec 3<&0 </dev/null
"$@" 3<&- >&2 &
program=$!
echo "$program"
exec >&2
(
    cat <&3 >/dev/null
    kill -s KILL "$program"
) 2>/dev/null &
lifeline=$!
wait "$program"
ended=$?
kill "$lifeline" 2>/dev/null
exit "$ended"
