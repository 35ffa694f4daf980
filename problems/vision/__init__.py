"""Problems of classifying small images of digits and garments."""
