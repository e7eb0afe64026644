helm upgrade live site --set replicas=3,title=Spring --wait
