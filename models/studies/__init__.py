"""Studies that train several pipelines: experiment, learning curve, likely label errors."""
