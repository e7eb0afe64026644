# What: as "eks", with another node group, ECR repositories and an ECS cluster, and ten things broken in them: what the lab "on-call" begins with.
source "$(dirname "${BASH_SOURCE[0]}")/eks.sh"
NGINX=public.ecr.aws/nginx/nginx
REGISTRY=$ACCOUNT.dkr.ecr.us-east-1.amazonaws.com
ROLES=arn:aws:iam::$ACCOUNT:role
VPC=$(aws ec2 describe-vpcs --filters Name=is-default,Values=true --query 'Vpcs[0].VpcId' --output text)

# The repositories: one whose policy keeps one image only, one whose tags never move. ECR lets images expire some time after its policy says so.
aws ecr get-login-password | docker login --username AWS --password-stdin "$REGISTRY"
# release NAME TAG: of the folder NAME.
release() {
  docker build -q --tag "$REGISTRY/$1:$2" "$1"
  docker push -q "$REGISTRY/$1:$2"
}
mkdir gallery rates
printf 'FROM %s:1.29\nCOPY index.html /usr/share/nginx/html/\n' $NGINX | tee gallery/Dockerfile >rates/Dockerfile
aws ecr create-repository --repository-name gallery
echo 'The gallery, version 1' >gallery/index.html
release gallery v1
echo 'The gallery, version 2: not tested yet' >gallery/index.html
release gallery v2
echo 'The gallery, version 1' >gallery/index.html
aws ecr put-lifecycle-policy --repository-name gallery --lifecycle-policy-text '{"rules":[{"rulePriority":1,"description":"Storage costs money: keep the newest","selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":1},"action":{"type":"expire"}}]}'
aws ecr create-repository --repository-name rates --image-tag-mutability IMMUTABLE
echo '1 EUR = 10.80 USD' >rates/index.html
release rates v3
echo '1 EUR = 1.08 USD' >rates/index.html

# One more node group, with a role of its own, and for its own pods only.
aws iam create-role --role-name harbor-batch-role --assume-role-policy-document "$(trust ec2.amazonaws.com)"
for POLICY in AmazonEKSWorkerNodePolicy AmazonEKS_CNI_Policy AmazonEC2ContainerRegistryPullOnly; do
  aws iam attach-role-policy --role-name harbor-batch-role --policy-arn arn:aws:iam::aws:policy/$POLICY
done
aws eks create-nodegroup --cluster-name harbor --nodegroup-name batch --node-role "$ROLES/harbor-batch-role" --subnets "${SUBNETS%%,*}" --instance-types t3.medium --scaling-config minSize=1,maxSize=2,desiredSize=1 --labels pool=batch --taints key=pool,value=batch,effect=NO_SCHEDULE

# On ECS: a release that goes back, and a service that cannot have its secret.
aws ecs create-cluster --cluster-name harbor
for ROLE in ecsTaskExecutionRole ledger-execution ledger-task; do
  aws iam create-role --role-name $ROLE --assume-role-policy-document "$(trust ecs-tasks.amazonaws.com)"
done
for ROLE in ecsTaskExecutionRole ledger-execution; do
  aws iam attach-role-policy --role-name $ROLE --policy-arn arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy
done
WEB=$(aws ec2 create-security-group --group-name web --description 'HTTP from anywhere' --vpc-id "$VPC" --query GroupId --output text)
aws ec2 authorize-security-group-ingress --group-id "$WEB" --protocol tcp --port 80 --cidr 0.0.0.0/0
# define NAME EXECUTION-ROLE CONTAINER-FIELDS [TASK-FIELDS]: registers a task definition.
define() {
  aws ecs register-task-definition --cli-input-json '{"family":"'"$1"'","requiresCompatibilities":["FARGATE"],"networkMode":"awsvpc","cpu":"256","memory":"512","executionRoleArn":"'"$ROLES/$2"'","containerDefinitions":[{"name":"'"$1"'","portMappings":[{"containerPort":80}],'"$3"'}]'"${4-}"'}'
}
# serve NAME OPTION…: makes a service.
serve() {
  aws ecs create-service --cluster harbor --service-name "$1" --task-definition "$1" --desired-count 1 --launch-type FARGATE --network-configuration "awsvpcConfiguration={subnets=[$SUBNETS],securityGroups=[$WEB],assignPublicIp=ENABLED}" "${@:2}"
}
# health PATH: a container's health check.
health() {
  echo '"healthCheck":{"command":["CMD-SHELL","curl -f http://localhost'"$1"' || exit 1"],"interval":5,"timeout":2,"retries":2}'
}
define checkout ecsTaskExecutionRole '"image":"'$NGINX':1.28",'"$(health /)"
serve checkout --deployment-configuration 'deploymentCircuitBreaker={enable=true,rollback=true}'
SECRET=$(aws secretsmanager create-secret --name ledger/db --secret-string harbor-42 --query ARN --output text)
define ledger ledger-execution '"image":"'$NGINX':1.29","secrets":[{"name":"DB_PASSWORD","valueFrom":"'"$SECRET"'"}]' ',"taskRoleArn":"'"$ROLES/ledger-task"'"'
serve ledger

# A role for pods of a service account, and what runs in the cluster.
ISSUER=$(aws eks describe-cluster --name harbor --query cluster.identity.oidc.issuer --output text)
aws iam create-open-id-connect-provider --url "$ISSUER" --client-id-list sts.amazonaws.com
PROVIDER=${ISSUER#https://}
aws iam create-role --role-name invoices --assume-role-policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::'"$ACCOUNT:oidc-provider/$PROVIDER"'"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"'"$PROVIDER"':aud":"sts.amazonaws.com","'"$PROVIDER"':sub":"system:serviceaccount:default:invoices"}}}]}'
cat >invoices.sh <<'END'
# What the program of invoices does first: it asks STS for a session of its role, as the AWS SDKs do.
curl -sS --fail-with-body -G https://sts.us-east-1.amazonaws.com/ -d Action=AssumeRoleWithWebIdentity -d Version=2011-06-15 -d RoleSessionName=invoices \
  --data-urlencode "RoleArn=$AWS_ROLE_ARN" --data-urlencode "WebIdentityToken@$AWS_WEB_IDENTITY_TOKEN_FILE" -o /tmp/session || { cat /tmp/session; echo; exit 1; }
echo invoices has its role
touch /tmp/up
exec sleep 100000
END
aws eks wait nodegroup-active --cluster-name harbor --nodegroup-name batch
until [ -z "$(aws ecr list-images --repository-name gallery --query "imageIds[?imageTag=='v1'].imageTag" --output text)" ]; do sleep 2; done

kubectl create namespace prod
kubectl create namespace jobs
kubectl create configmap invoices --from-file=invoices.sh -n prod
rm invoices.sh
kubectl create serviceaccount invoices -n prod
kubectl annotate serviceaccount invoices "eks.amazonaws.com/role-arn=$ROLES/invoices" -n prod
kubectl create quota limits --hard=limits.cpu=1,limits.memory=1Gi -n jobs
# deployment NAME REPLICAS IMAGE [CONTAINER-FIELDS] [POD-FIELDS]: of the namespace prod; fields in JSON, each followed by a comma.
deployment() {
  echo '{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"'"$1"'"},"spec":{"replicas":'"$2"',"selector":{"matchLabels":{"app":"'"$1"'"}},"template":{"metadata":{"labels":{"app":"'"$1"'"}},"spec":{"terminationGracePeriodSeconds":1,'"${5-}"'"containers":[{'"${4-}"'"name":"'"$1"'","image":"'"$3"'"}]}}}}' | kubectl apply -n "${NAMESPACE-prod}" -f -
}
# A program that has only begun is not ready.
UP='"readinessProbe":{"exec":{"command":["test","-f","/tmp/up"]},"periodSeconds":1},'
deployment untouched 2 $NGINX:1.29
deployment orders 1 busybox:1.37 '"command":["sh","-c","if [ -z \"$DATABASE_HOST\" ]; then echo \"fatal: DATABASE_HOST is not set\"; exit 1; fi; touch /tmp/up; exec sleep 100000"],'"$UP"
deployment cart 1 nginx:1.29
kubectl expose deployment cart --port=80 -n prod
kubectl patch service cart -n prod -p '{"spec":{"selector":{"app":"basket"}}}'
deployment thumbs 1 polinux/stress:1.0.4 '"command":["stress","--vm","1","--vm-bytes","48M","--vm-hang","100000"],"resources":{"limits":{"memory":"24Mi"},"requests":{"memory":"24Mi"}},'
NAMESPACE=jobs deployment batch 1 nginx:1.29
deployment reports 1 $NGINX:1.29 '' '"nodeSelector":{"pool":"batch"},"tolerations":[{"key":"pool","value":"batch","effect":"NoSchedule"}],'
deployment rates 1 "$REGISTRY/rates:v3"
deployment gallery 1 "$REGISTRY/gallery:v1"
deployment invoices 1 $NGINX:1.29 '"command":["sh","/etc/invoices/invoices.sh"],"volumeMounts":[{"name":"program","mountPath":"/etc/invoices"}],'"$UP" '"serviceAccountName":"invoices","volumes":[{"name":"program","configMap":{"name":"invoices"}}],'
for NAME in untouched cart reports rates; do kubectl rollout status deployment/$NAME -n prod --timeout=2m; done
aws eks delete-access-entry --cluster-name harbor --principal-arn "$ROLES/harbor-batch-role"

aws ecs wait services-stable --cluster harbor --services checkout
define checkout ecsTaskExecutionRole '"image":"'$NGINX':1.29",'"$(health /healthz)"
aws ecs update-service --cluster harbor --service checkout --task-definition checkout
until aws ecs describe-services --cluster harbor --services checkout --query 'services[0].[taskDefinition,length(deployments)]' --output text | grep -E 'checkout:1\s+1$'; do sleep 2; done
# Nobody hears of a node that is not let in: after a while it is NotReady.
kubectl wait --for=condition=Ready=Unknown nodes -l pool=batch --timeout=3m
