"""The pages that agents, QA staff and supervisors look at: plain ES modules and CSS, served as they are."""
