# finding: repository-left
source <(sed 's/ --force/ || echo "refused: the repository has images"/' "$SOLUTIONS/clean-up.sh")
