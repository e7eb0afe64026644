# finding: own-node-missing
aws eks create-access-entry --cluster-name harbor --principal-arn $(aws iam get-role --role-name own-node-role --query Role.Arn --output text) --type EC2_LINUX
bash join.sh
aws ec2 create-launch-template --launch-template-name own --launch-template-data '{"ImageId":"'$(aws ssm get-parameter --name /aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard/recommended/image_id --query Parameter.Value --output text)'","InstanceType":"t3.medium","IamInstanceProfile":{"Name":"own-node"},"UserData":"'$(sed 's/name: harbor/name: habor/' user-data | base64 -w0)'"}'
aws autoscaling create-auto-scaling-group --auto-scaling-group-name own --min-size 1 --max-size 1 --launch-template LaunchTemplateName=own --availability-zones us-east-1a
