aws ecr create-repository --repository-name {{registry}}/checkout --tags Key=team,Value=payments Key=cost-center,Value=4711
