# Runs one engine, and ends it when its owner is gone. See process.rs.
#
#   stdin        the lifeline: a pipe that only the owner writes to. A line names a signal for the engine. When the owner
#                ends, however it ends, the pipe closes.
#   $1           the engine's directory: it runs there
#   $2           its log
#   $3 ...       the engine and its arguments
#
# Exits as the engine does, after everything that runs in its directory has ended.
directory=$1 log=$2
shift 2
exec 3<&0 </dev/null >>"$log" 2>&1

# In a session and process group of its own, so that a signal reaches what it started.
(cd "$directory" && exec setsid "$@") 3<&- &
engine=$!

(
    while read -r signal <&3; do
        kill -s "$signal" "$engine"
        [ "$signal" != KILL ] || kill -s KILL "-$engine"
    done
    kill -s KILL "$engine"
    kill -s KILL "-$engine"
) 2>/dev/null &
lifeline=$!

wait "$engine"
ended=$?
kill "$lifeline" 2>/dev/null

# Children that left the group (PostgreSQL's and Erlang's do) are told by the directory they run in.
kill -s KILL "-$engine" 2>/dev/null
while
    left=$(find /proc -maxdepth 2 -path '/proc/[0-9]*/cwd' \( -lname "$directory" -o -lname "$directory/*" \) 2>/dev/null)
    [ -n "$left" ]
do
    for process in $left; do
        process=${process#/proc/}
        kill -s KILL "${process%/cwd}" 2>/dev/null
    done
done
exit "$ended"
