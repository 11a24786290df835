"""The report's charts as plain plotly JSON: data and layout, without title and theme."""
