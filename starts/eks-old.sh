# What: as "eks", with the Kubernetes version before the newest.
VERSION=1.34
source "$(dirname "${BASH_SOURCE[0]}")/eks.sh"
