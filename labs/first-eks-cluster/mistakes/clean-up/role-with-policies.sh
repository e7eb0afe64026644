# finding: role-left
source <(sed '/AmazonEC2ContainerRegistryPullOnly/d; s/delete-role --role-name harbor-node-role/& || echo "refused: policies are attached"/' "$SOLUTIONS/clean-up.sh")
