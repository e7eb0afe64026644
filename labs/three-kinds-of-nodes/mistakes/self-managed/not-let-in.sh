# finding: own-node-not-let-in
# The machine is right, and nobody lets its role in.
bash join.sh
aws ec2 create-launch-template --launch-template-name own --launch-template-data '{"ImageId":"'$(aws ssm get-parameter --name /aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard/recommended/image_id --query Parameter.Value --output text)'","InstanceType":"t3.medium","IamInstanceProfile":{"Name":"own-node"},"UserData":"'$(base64 -w0 user-data)'"}'
aws autoscaling create-auto-scaling-group --auto-scaling-group-name own --min-size 1 --max-size 1 --launch-template LaunchTemplateName=own --availability-zones us-east-1a
INSTANCE=$(aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names own --query 'AutoScalingGroups[0].Instances[0].InstanceId' --output text)
until aws ec2 get-console-output --instance-id $INSTANCE --query Output --output text | grep Unauthorized; do sleep 0.5; done
