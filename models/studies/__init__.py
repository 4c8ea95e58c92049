"""Studies that train several pipelines: experiment, learning curve, likely annotation errors."""
