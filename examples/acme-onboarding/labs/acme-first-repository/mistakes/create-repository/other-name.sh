# finding: no-repository
aws ecr create-repository --repository-name checkout --tags Key=team,Value=payments Key=cost-center,Value=4711
