# finding: wrong-hobby
# from: after
sed -i 's/^hobby:.*/hobby: ecr/' answers.yaml
