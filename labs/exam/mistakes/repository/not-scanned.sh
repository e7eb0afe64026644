# finding: not-scanned
source ~/names.env
aws ecr create-repository --repository-name $REPOSITORY --image-tag-mutability IMMUTABLE
