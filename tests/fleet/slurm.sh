#!/bin/sh
# Triage on a cluster: an array job, a dump a task, and a job that groups what they found.
#
#   sh tests/fleet/slurm.sh OUT LIST
#
# LIST has a path of a dump in each line, as every node sees it; results and the table, OUT/groups, are in
# OUT, which every node sees too. At most LIMIT tasks run at a time (default: as many as there are CPUs).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=$1 list=$2
n=$(wc -l <"$list")
[ "$n" -gt 0 ] || exit 0
mkdir -p "$out"
job=$(sbatch --parsable --job-name=vmcorefs --array="1-$n${LIMIT:+%$LIMIT}" --cpus-per-task=1 \
    --output=/dev/null --export="ALL,VMCOREFS=${VMCOREFS:-vmcorefs}" --wrap \
    "exec sh '$here/triage' '$out' \"\$(sed -n \"\${SLURM_ARRAY_TASK_ID}p\" '$list')\"")
sbatch --parsable --job-name=vmcorefs-group --dependency="afterany:$job" --wait --output=/dev/null \
    --wrap "exec /usr/bin/python3 '$here/group' '$out' >'$out/groups'" >/dev/null
cat "$out/groups"
