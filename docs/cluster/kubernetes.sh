#!/bin/bash
# One score on Kubernetes: rounds of the Indexed Job in kubernetes.yaml, each followed by kubernetes-merge.yaml.
# Usage: kubernetes.sh [N_ROUNDS]     (2 by default; 3 or 5 as in slurm.sh)
set -euo pipefail
here=$(dirname "$0")
rounds=${1:-2}

# Deletes the job of the round before, makes it anew and waits until it is complete.
run() {
  kubectl delete job "$1" --ignore-not-found --wait
  kubectl create -f -
  kubectl wait --for=condition=complete --timeout=24h "job/$1"
}

for round in $(seq 1 "$rounds"); do
  run clearway-shards < "$here/kubernetes.yaml"
  if [ "$round" -lt "$rounds" ]; then
    run clearway-merge < "$here/kubernetes-merge.yaml"
  fi
done
grep -v -- '- --reduce' "$here/kubernetes-merge.yaml" | run clearway-merge
