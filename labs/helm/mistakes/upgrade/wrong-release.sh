# finding: title-not-changed
helm upgrade test site --set title=Spring --wait
