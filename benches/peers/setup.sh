#!/usr/bin/env bash
# Makes the virtual environment of the peers in the folder given (default: target/peers). Tests never need it.
set -euo pipefail
cd "$(dirname "$0")"
folder="${1:-../../target/peers}"
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --requirement requirements.txt
echo "now: $(cd "$folder" && pwd)/bin/python $(pwd)/exposure.py"
echo "or:  $(cd "$folder" && pwd)/bin/python $(pwd)/planners.py"
