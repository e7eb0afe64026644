source ~/names.env
aws ecr create-repository --repository-name $REPOSITORY
aws ecr put-image-tag-mutability --repository-name $REPOSITORY --image-tag-mutability IMMUTABLE
aws ecr put-image-scanning-configuration --repository-name $REPOSITORY --image-scanning-configuration scanOnPush=true
