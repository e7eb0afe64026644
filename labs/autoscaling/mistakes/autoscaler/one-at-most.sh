# finding: no-room
kubectl autoscale deployment php-apache --cpu=50% --min=1 --max=1
