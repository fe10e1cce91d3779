#!/bin/bash
# One score on a SLURM cluster: array jobs of shards, and between them short jobs that add up what was counted.
# Usage: slurm.sh PROJECT.toml OUT_DIR N_SHARDS [N_ROUNDS]
#
# PROJECT, its inputs and OUT_DIR lie on a file system that all nodes see under the same path. N_ROUNDS is 2 (the
# default), 3 where ranks shall be made by shards too, 5 with [score.robustness]; see the table in the guide's chapter
# "One score on many machines". A task that fails can be submitted again with the same index.
set -euo pipefail
project=$(realpath "$1")
out=$(realpath -m "$2")
n=$3
rounds=${4:-2}
log="$out/log"
mkdir -p "$log"

# The command of a shard; SLURM counts tasks from 1 here, as shards do.
shard="clearway score '$project' --shard \$SLURM_ARRAY_TASK_ID/$n --out '$out' --backend cpu --memory 3GiB \
  --threads \$SLURM_CPUS_PER_TASK --no-progress"
merge="clearway merge '$out' --memory 14GiB --no-progress"

after=""
for round in $(seq 1 "$rounds"); do
  array=$(sbatch --parsable $after --job-name=clearway-shards --array="1-$n" --cpus-per-task=4 --mem=6G \
    --time=04:00:00 --requeue --output="$log/round$round-%a.txt" --wrap="$shard")
  if [ "$round" -lt "$rounds" ]; then
    between=$(sbatch --parsable --dependency="afterok:$array" --job-name=clearway-reduce --cpus-per-task=4 \
      --mem=16G --time=01:00:00 --output="$log/reduce$round.txt" --wrap="$merge --reduce")
    after="--dependency=afterok:$between"
  fi
done
sbatch --dependency="afterok:$array" --job-name=clearway-merge --cpus-per-task=8 --mem=16G --time=08:00:00 \
  --output="$log/merge.txt" --wrap="$merge"
