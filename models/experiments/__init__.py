"""What hours with offers add over hours without: judged against the plan's own chance."""
