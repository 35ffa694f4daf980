"""Problems of classifying short texts with small transformers."""
