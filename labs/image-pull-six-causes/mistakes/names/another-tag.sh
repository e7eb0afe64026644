# finding: wrong-image-tag
for NAME in tag typo host; do kubectl set image deployment/$NAME "*=nginx:1.28"; done
for NAME in tag typo host; do kubectl rollout status deployment/$NAME --timeout=2m; done
