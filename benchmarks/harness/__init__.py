"""What every group of figures shares: rounds and statistics, processes, the report, the plots."""
