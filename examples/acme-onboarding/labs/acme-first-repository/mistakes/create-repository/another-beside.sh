# finding: repository-name
# from: after
aws ecr create-repository --repository-name scratch --tags Key=team,Value=payments Key=cost-center,Value=4711
