# finding: too-few-nodes
source <(sed 's/desiredSize=2/desiredSize=1/' "$SOLUTIONS/create-cluster.sh")
